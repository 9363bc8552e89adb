import process from 'node:process';
import test from 'ava';
import {
	formatAge, formatMoment, formatMomentWithAge, formatTime, formatWritten, stampOf, timeZoneName,
} from '../../../source/model/text/format.ts';

const summer = Date.UTC(2026, 6, 1, 22, 30, 5) / 1000;
const winter = Date.UTC(2026, 0, 1, 22, 30, 5) / 1000;

/** Node reads TZ anew whenever it is set. */
function inZone<T>(zone: string, ask: () => T): T {
	const before = process.env.TZ;
	process.env.TZ = zone;
	try {
		return ask();
	} finally {
		process.env.TZ = before;
	}
}

test.serial('times are local, and name how far they are from UTC at that very moment', t => {
	t.is(inZone('Europe/Berlin', () => formatTime(summer)), '2026-07-02 00:30');
	t.is(inZone('Europe/Berlin', () => formatMoment(summer)), '2026-07-02 00:30 UTC+2');
	t.is(inZone('Europe/Berlin', () => formatMoment(winter)), '2026-01-01 23:30 UTC+1');
	t.is(inZone('America/St_Johns', () => formatMoment(winter)), '2026-01-01 19:00 UTC-3:30');
	t.is(inZone('Asia/Kathmandu', () => formatMoment(winter)), '2026-01-02 04:15 UTC+5:45');
	t.is(inZone('UTC', () => formatMoment(winter)), '2026-01-01 22:30 UTC');
	t.is(inZone('Europe/Berlin', () => timeZoneName()), 'Europe/Berlin');
});

test.serial('names of files and snapshots bear the local time, too', t => {
	t.is(inZone('Europe/Berlin', () => stampOf(new Date(summer * 1000))), '20260702-003005');
	t.is(inZone('UTC', () => stampOf(new Date(summer * 1000))), '20260701-223005');
});

test('what is older than sixty days is told by its date, and the date is not said twice', t => {
	const now = summer + (60 * 86_400);
	t.is(formatAge(summer + 1, now), '59 days ago');
	t.is(formatAge(summer, now), '2026-07-01');
	t.is(formatMomentWithAge(summer + 1, now), '2026-07-01 22:30 UTC (59 days ago)');
	t.is(formatMomentWithAge(summer, now), '2026-07-01 22:30 UTC');
});

test('a time that was written down is told as any other, and as it is where it is none', t => {
	t.is(formatWritten('2026-07-01T22:30:05.123Z'), '2026-07-01 22:30 UTC');
	t.is(formatWritten('yesterday'), 'yesterday');
});
