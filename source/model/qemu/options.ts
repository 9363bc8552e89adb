/**
The command line of QEMU, option by option, and the lists of `key=value` that many options take. What is written back is what was read but for the
parts that were changed.
*/
import {fail, succeed, type Result} from '../result.ts';

export type QemuOption = {
	/** Without its dashes; empty for a disk image that stands alone. */
	name: string;
	value: string | undefined;
};

/** The parts of a command line: what starts QEMU (the program, perhaps with `env -C FOLDER` before it), and its options. */
export type CommandLine = {program: string[]; folder: string; options: QemuOption[]};

/** Options that stand alone, of QEMU 5 to 10. */
const flags = new Set(`
	S s h help version nodefaults no-user-config nodefconfig nographic snapshot no-acpi no-hpet no-reboot no-shutdown daemonize enable-kvm no-kvm
	no-fd-bootchk win2k-hack full-screen no-quit portrait preconfig only-migratable mem-prealloc singlestep enable-fips ctrl-grab alt-grab no-frame usb
	xen-attach xen-domid-restrict semihosting audio-help enable-sync-profile async-teardown curses
`.trim().split(/\s+/));

/** Options with a value, of QEMU 5 to 10. */
const valued = new Set(`
	machine M cpu accel smp numa add-fd set global boot m mem-path k audio audiodev device name uuid fda fdb hda hdb hdc hdd cdrom blockdev drive
	mtdblock sd fsdev virtfs iscsi usbdevice display spice rotate vga g vnc acpitable smbios netdev nic net chardev tpmdev bios pflash kernel append
	initrd dtb shim compat fw_cfg serial parallel monitor qmp qmp-pretty mon debugcon pidfile overcommit gdb d D dfilter seed L xen-domid action loadvm
	incoming icount watchdog watchdog-action echr show-cursor tb-size readconfig prom-env semihosting-config old-param sandbox runas run-with chroot
	object plugin trace msg dump-vmstate cpu-throttle soundhw balloon realtime rtc writeconfig bt clock fdset one-insn-per-tb perfmap
`.trim().split(/\s+/));

export function describeOption({name, value}: QemuOption): string {
	return name === '' ? value! : `-${name}${value === undefined ? '' : ` ${value}`}`;
}

/** `env -C FOLDER` before the program: relative names count from there. */
function readProgram(argv: readonly string[]): {program: string[]; folder: string} {
	return argv[0] === 'env' && argv[1] === '-C' && argv.length > 3
		? {program: argv.slice(0, 4), folder: argv[2]!}
		: {program: argv.slice(0, 1), folder: '/'};
}

/** More is no command line that anybody means, and each option is compared with the others. */
const mostWords = 10_000;

/** Fails with `unreadable` at the first option that is not known: whether the next word belongs to it could only be guessed. */
export function parseCommandLine(argv: readonly string[]): Result<CommandLine> {
	const {program, folder} = readProgram(argv);
	const unreadable = (reason: string) => fail({kind: 'unreadable', what: 'The command line of QEMU', reason});
	const options: QemuOption[] = [];
	if (argv.length > mostWords) {
		return unreadable(`it has ${argv.length} words`);
	}

	for (let index = program.length; index < argv.length; index++) {
		const word = argv[index]!;
		const name = /^--?([\w-]+)$/.exec(word)?.[1];
		if (!word.startsWith('-')) {
			options.push({name: '', value: word});
		} else if (name !== undefined && flags.has(name)) {
			options.push({name, value: undefined});
		} else if (name === undefined || !valued.has(name)) {
			return unreadable(`the argument ${word} is not known`);
		} else if (index + 1 >= argv.length) {
			return unreadable(`the argument ${word} has no value`);
		} else {
			options.push({name, value: argv[++index]!});
		}
	}

	return program.length === 0 || program[0] === '' ? unreadable('it names no program') : succeed({program, folder, options});
}

export function formatArgv({program, options}: CommandLine): string[] {
	return [...program, ...options.flatMap(({name, value}) => name === '' ? [value!] : [`-${name}`, ...(value === undefined ? [] : [value])])];
}

/** One `key=value`; a key that stands alone has no value. */
export type Pair = {key: string; value: string | undefined};

/** A list of pairs parted by commas; a comma that belongs to a value is written twice. */
export function parsePairs(text: string): Pair[] {
	const pairs: Pair[] = [];
	// Each piece is anything but a comma, or two of them.
	for (const [piece] of text.matchAll(/(?:[^,]|,,)+/g)) {
		const at = piece.indexOf('=');
		pairs.push(at === -1 ? {key: unescape(piece), value: undefined} : {key: piece.slice(0, at), value: unescape(piece.slice(at + 1))});
	}

	return pairs;
}

function unescape(text: string): string {
	return text.replaceAll(',,', ',');
}

export function formatPairs(pairs: readonly Pair[]): string {
	const escape = (text: string) => text.replaceAll(',', ',,');
	return pairs.map(({key, value}) => value === undefined ? escape(key) : `${key}=${escape(value)}`).join(',');
}

/** The value of the last pair with this key, which is the one that counts for QEMU. */
export function valueOf(pairs: readonly Pair[], key: string): string | undefined {
	return pairs.findLast(pair => pair.key === key)?.value;
}

/** A switch: `readonly`, `readonly=on`, `noreadonly`. */
export function isOn(pairs: readonly Pair[], key: string): boolean {
	const found = pairs.findLast(pair => pair.key === key);
	return found !== undefined && (found.value === undefined || ['on', 'yes', 'true', 'y'].includes(found.value));
}
