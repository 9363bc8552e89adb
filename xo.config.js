/**
Lint and format by xo. A rule is changed only for a reason that stands beside it.

@type {import('xo').FlatXoConfig}
*/
const xoConfig = [
	{ignores: ['build', 'dist', 'fixtures']},
	{
		react: true,
		rules: {
			// The built program runs on Node 18.19, which knows no `v` flag, no `toSorted` and the like.
			'require-unicode-regexp': 'off',
			'unicorn/no-array-sort': 'off',
			'unicorn/no-array-reverse': 'off',
			'unicorn/prefer-import-meta-properties': 'off',
			// Unions start on the line below their `=`.
			'@stylistic/operator-linebreak': ['error', 'before', {overrides: {'=': 'ignore'}}],
			// Objects that fit on a line may stay on it.
			'@stylistic/object-curly-newline': 'off',
			// A comment may begin with the name of a thing: `<domain>`, libvirt, qemu-img.
			'capitalized-comments': 'off',
			// Plans and `tree --json` are JSON, where null is part of the contract.
			'@typescript-eslint/no-restricted-types': 'off',
			'unicorn/no-null': 'off',
			// A switch over a union has as many ways as the union has kinds.
			complexity: 'off',
			// Steps run one after another, on purpose.
			'no-await-in-loop': 'off',
			// `promisify(execFile)` and the like trip it, and nothing else did.
			'@typescript-eslint/strict-void-return': 'off',
			// `JSON.parse` gives `any`: its answer gets a type where it is read.
			'@typescript-eslint/no-unsafe-type-assertion': 'off',
			// JSX is compiled with the automatic runtime.
			'react/react-in-jsx-scope': 'off',
			// Members stand in the order in which a reader wants them.
			'@typescript-eslint/member-ordering': 'off',
			// `String.raw` helps a regular expression, not a single backslash.
			'unicorn/prefer-string-raw': 'off',
			// Messages of assertions are computed where a test runs by rows.
			'ava/assertion-arguments': 'off',
			// Names of XML elements, options and format letters are keys of our tables.
			'@typescript-eslint/naming-convention': 'off',
			// Everybody knows that * goes before +.
			'@stylistic/no-mixed-operators': 'off',
			// A `default` handles the rest where text comes from outside; our own unions end in unreachable().
			'@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
			// Permission bits of files.
			'no-bitwise': 'off',
			// `(await read()).value` reads well where it is a single value.
			'unicorn/no-await-expression-member': 'off',
			// Host text is hostile: control characters have to be named.
			'no-control-regex': 'off',
		},
	},
	{
		// No React there: a function may be called `use`.
		files: ['**/*.ts'],
		rules: {
			'react-hooks/rules-of-hooks': 'off',
		},
	},
	{
		// These have configurations of ava of their own, lab.config.mjs and pty.config.mjs.
		files: ['test/lab/**', 'test/pty/**'],
		rules: {
			'ava/no-ignored-test-files': 'off',
		},
	},
	{
		// Runs before anything else, and is parsed by old versions of Node.
		files: ['source/bin/*.mjs'],
		rules: {
			'n/prefer-global/process': 'off',
			'prefer-template': 'off',
			'unicorn/prefer-top-level-await': 'off',
		},
	},
];

export default xoConfig;
