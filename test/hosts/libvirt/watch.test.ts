import test from 'ava';
import {watchEvents} from '../../../source/hosts/libvirt/watch.ts';

test('only events that a picture shows call back, with the name of the domain', t => {
	const changes: Array<string | undefined> = [];
	let say: (line: string) => void = () => undefined;
	const stop = watchEvents({
		argv: ['virsh', 'event'],
		lines({onLine}) {
			say = onLine;
			return () => undefined;
		},
		onChange(domain) {
			changes.push(domain);
		},
	});
	for (const line of [
		'event \'lifecycle\' for domain \'it\'s "web"\': Started Booted',
		'event \'rtc-change\' for domain \'web\': 1',
		'event \'block-job\' for domain \'web\': Block Copy for /x completed',
		'events received: 2',
		'event \'balloon-change\' for domain \'web\': 1KiB',
	]) {
		say(line);
	}

	stop();
	t.deepEqual(changes, ['it\'s "web"', 'web']);
});

test('a watcher that ends is started again, and then calls back because something may have been missed', async t => {
	let starts = 0;
	await new Promise<void>(resolve => {
		const stop = watchEvents({
			argv: ['virsh', 'event'],
			lines({onEnd}) {
				starts++;
				if (starts === 1) {
					onEnd();
				}

				return () => undefined;
			},
			onChange() {
				stop();
				resolve();
			},
			firstPauseMs: 1,
		});
		// The watcher's own timer keeps no process alive.
		const alive = setInterval(() => {
			if (starts === 2) {
				clearInterval(alive);
			}
		}, 5);
	});
	t.is(starts, 2);
});
