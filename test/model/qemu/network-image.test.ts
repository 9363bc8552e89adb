import test from 'ava';
import {
	isImageName, networkPath, networkPathInOptions, networkPlace, shortName,
} from '../../../source/model/qemu/network-image.ts';

const names = ['nbd://127.0.0.1:10809/vol', 'nbd://[::1]:10810/a/b.c-d_e', 'nbd://store.example:10809', 'nbd+unix:///vol?socket=/run/nbd.sock', 'nbd+unix:///?socket=/run/nbd.sock'];

test('a name is what it was made from', t => {
	for (const name of names) {
		t.is(networkPath(networkPlace(name)!), name);
		t.true(isImageName(name));
	}
});

test('QEMU leaves out the port and says tcp', t => {
	t.is(networkPath(networkPlace('nbd://store/vol')!), 'nbd://store:10809/vol');
	t.is(networkPath(networkPlace('nbd+tcp://store:1/vol')!), 'nbd://store:1/vol');
});

test('what a URL cannot say, or says otherwise, has no name', t => {
	for (const path of ['nbds://store/vol', 'ssh://store/vol', 'nbd://store/a%20b', 'nbd://store/vol?x=y', 'nbd:store:10809', 'nbd+unix:///vol?socket=run/s', 'nbd://a b/vol', '']) {
		t.is(networkPlace(path), undefined, path);
	}

	t.is(networkPath({protocol: 'nbd', name: 'a?socket=/x', server: {host: 'store', port: 1}}), undefined);
	t.is(networkPath({protocol: 'nbd', name: '/vol', server: {host: 'store', port: 1}}), undefined);
	t.is(networkPath({protocol: 'nbd', name: 'vol', server: {host: 'store/x', port: 1}}), undefined);
	t.is(networkPath({protocol: 'nbd', name: 'vol', server: {socket: 'run/s'}}), undefined);
});

test('block options, as libvirt writes them into a header, name the same', t => {
	t.is(networkPathInOptions({driver: 'nbd', server: {type: 'unix', path: '/run/s'}, export: 'vol'}), 'nbd+unix:///vol?socket=/run/s');
	t.is(networkPathInOptions({file: {driver: 'nbd', server: {type: 'inet', host: 'store', port: '10809'}, export: 'vol'}}), 'nbd://store:10809/vol');
	t.is(networkPathInOptions({driver: 'qcow2', file: {driver: 'nbd', server: {type: 'inet', host: 'store', port: '10809'}}}), undefined, 'another format would be lost');
	t.is(networkPathInOptions({driver: 'nbd', server: {type: 'inet', host: 'store', port: '10809'}, 'tls-creds': 'x'}), undefined, 'so would TLS');
	t.is(networkPathInOptions(null), undefined);
});

test('people read the export and its server', t => {
	t.is(shortName('/d/vda.qcow2'), 'vda.qcow2');
	t.is(shortName(names[0]!), 'vol of 127.0.0.1:10809');
	t.is(shortName(names.at(-1)!), 'the default export of nbd.sock');
});
