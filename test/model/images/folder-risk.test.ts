import test from 'ava';
import {folderRisk, foldersOf, type FolderEntry} from '../../../source/model/images/folder-risk.ts';

const root: FolderEntry = {isLink: false, uid: 0, gid: 0, mode: 0o755, inode: '1:2'};

/** Folders of root's, but for those that are named. */
const host = (path: string, others: Record<string, Partial<FolderEntry>>) => new Map(foldersOf(path).map(folder => [folder, {...root, ...others[folder]}]));
const riskOf = (path: string, others: Record<string, Partial<FolderEntry>>) => folderRisk(path, host(path, others));

test('a folder that is root\'s up to the top is safe, also below a sticky one and with a group of root\'s', t => {
	t.is(riskOf('/a/b', {}), undefined);
	t.is(riskOf('/', {}), undefined);
	t.is(riskOf('/tmp/mine', {'/tmp': {mode: 0o1777}}), undefined);
	t.is(riskOf('/a/b', {'/a/b': {mode: 0o775}}), undefined);
});

test('a folder that others may write to names them, and the safe one above it on the same file system', t => {
	t.deepEqual(riskOf('/a/b', {'/a/b': {uid: 1000}}), {folder: '/a/b', who: 'user 1000', buildIn: '/a', inode: '1:2'});
	t.deepEqual(riskOf('/a/b', {'/a/b': {gid: 36, mode: 0o2775}}), {folder: '/a/b', who: 'group 36', buildIn: '/a', inode: '1:2'});
	t.deepEqual(riskOf('/tmp', {'/tmp': {mode: 0o1777}}), {folder: '/tmp', who: 'everybody', buildIn: '/', inode: '1:2'});
});

test('below a folder that others may exchange, it is the safe one above that', t => {
	t.deepEqual(riskOf('/home/x/vm', {'/home/x': {uid: 1000}, '/home/x/vm': {uid: 1000, inode: '1:7'}}), {folder: '/home/x', who: 'user 1000', buildIn: '/home', inode: '1:7'});
	t.like(riskOf('/tmp/theirs', {'/tmp': {mode: 0o1777}, '/tmp/theirs': {uid: 1000}}), {folder: '/tmp', buildIn: '/'});
});

test('there is none where another file system begins in between, and where a folder cannot be looked at', t => {
	t.like(riskOf('/a/b', {'/a/b': {uid: 1000, inode: '2:2'}}), {buildIn: undefined});
	t.like(riskOf('/home/x/vm', {'/home/x': {uid: 1000}, '/home/x/vm': {inode: '2:2'}}), {folder: '/home/x', buildIn: undefined});
	t.deepEqual(folderRisk('/a', new Map([['/', root]])), {folder: '/a', who: 'somebody', buildIn: undefined, inode: ''});
});

test('who alone may exchange anything on the path: not where a group or everybody may, but in a sticky folder each only what is theirs', t => {
	const theirs = (uid: number) => ({uid, account: {uid, gid: uid, isNamed: true}});
	const soleOf = (path: string, others: Record<string, Partial<FolderEntry>>) => riskOf(path, others)?.sole?.uid;
	t.is(soleOf('/a/b', {'/a/b': theirs(1000)}), 1000);
	t.is(soleOf('/a/b', {'/a': theirs(1000), '/a/b': theirs(1000)}), 1000);
	t.is(soleOf('/a/b', {'/a': theirs(1000)}), 1000);
	t.is(soleOf('/a/b', {'/a': theirs(1000), '/a/b': theirs(1001)}), undefined);
	t.is(soleOf('/a/b', {'/a/b': {...theirs(1000), mode: 0o777}}), undefined);
	t.is(soleOf('/a/b', {'/a/b': {...theirs(1000), gid: 36, mode: 0o775}}), undefined);
	t.is(soleOf('/a/b', {'/a/b': {...theirs(1000), gid: 1000, mode: 0o775, hasPrivateGroup: true}}), 1000);
	t.is(soleOf('/a/b', {'/a/b': {gid: 36, mode: 0o775}}), undefined);
	t.is(soleOf('/tmp/b', {'/tmp': {mode: 0o1777}, '/tmp/b': theirs(1000)}), 1000);
	t.is(soleOf('/tmp', {'/tmp': {...theirs(1000), mode: 0o1777}}), undefined);
	t.is(soleOf('/a/b', {'/a/b': {uid: 1000}}), undefined, 'nobody has asked who that is');
});
