/**
Numbers for people: sizes, times and versions. Times for people are those of the zone that this process runs in (TZ); JSON has them in UTC.
*/

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes in the unit that leaves one to three digits before the point: "512 B", "1.5 GiB". */
export function formatBytes(sizeBytes: number): string {
	let value = sizeBytes;
	let unit = 0;
	while (value >= 1023.95 && unit < units.length - 1) {
		value /= 1024;
		unit++;
	}

	return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The parts of a local time, each with its leading zero: year, month, day, hour, minute, second. */
function localParts(time: Date): string[] {
	return [time.getFullYear(), time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()]
		.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, '0'));
}

/** Unix seconds as local "2026-11-21 01:52". Without the zone: for columns whose heading names it, see `timeZoneName`. */
export function formatTime(seconds: number): string {
	const [year, month, day, hour, minute] = localParts(new Date(seconds * 1000));
	return `${year}-${month}-${day} ${hour}:${minute}`;
}

/** Unix milliseconds as the local "01:52:09": for lines of one action. */
export function formatClock(milliseconds: number): string {
	return localParts(new Date(milliseconds)).slice(3).join(':');
}

/** A local time for names of files and snapshots: "20261121-015309". It sorts by time, and has no dot, so that libvirt's own naming replaces it as the extension of a file. */
export function stampOf(time: Date): string {
	const [year, month, day, hour, minute, second] = localParts(time);
	return `${year}${month}${day}-${hour}${minute}${second}`;
}

/** How far the local time is from UTC at that moment: "UTC", "UTC+1", "UTC-3:30". */
function offsetOf(seconds: number): string {
	const minutes = -new Date(seconds * 1000).getTimezoneOffset();
	const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
	return minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}

/** Unix seconds as "2026-11-21 01:52 UTC+1": for sentences. */
export function formatMoment(seconds: number): string {
	return `${formatTime(seconds)} ${offsetOf(seconds)}`;
}

/** The same of a time as plans, journals and marks write it, in ISO 8601. One that cannot be read is given as it is. */
export function formatWritten(time: string): string {
	const milliseconds = Date.parse(time);
	return Number.isNaN(milliseconds) ? time : formatMoment(Math.floor(milliseconds / 1000));
}

/** The zone of all local times, as the system calls it: "Europe/Berlin", "UTC". */
export function timeZoneName(): string {
	return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A version as libvirt counts it. */
export const versionNumber = (major: number, minor: number, release = 0): number => (major * 1_000_000) + (minor * 1000) + release;

/** As "11.2" or "11.2.1". */
export function formatVersion(version: number): string {
	const [major, minor, release] = [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000];
	return `${major}.${minor}${release === 0 ? '' : `.${release}`}`;
}

const ageLimitSeconds = 60 * 86_400;

/** How long: "5 min", "3 h", "12 days"; undefined: less than a minute, or more than sixty days, of which the date says more. Both in Unix seconds. */
export function formatSpan(seconds: number, nowSeconds: number): string | undefined {
	const span = nowSeconds - seconds;
	if (span < 60 || span >= ageLimitSeconds) {
		return undefined;
	}

	return span < 3600 ? `${Math.floor(span / 60)} min` : (span < 172_800 ? `${Math.floor(span / 3600)} h` : `${Math.floor(span / 86_400)} days`);
}

/** How long ago: "just now", "5 min ago", "3 h ago", "12 days ago"; from 60 days on the local date, "2026-08-11". Both in Unix seconds. */
export function formatAge(seconds: number, nowSeconds: number): string {
	const span = formatSpan(seconds, nowSeconds);
	return span === undefined ? (nowSeconds - seconds < ageLimitSeconds ? 'just now' : formatTime(seconds).slice(0, 10)) : `${span} ago`;
}

/** The same without "ago", where the place says what is meant: "5 min". */
export function formatBriefAge(seconds: number, nowSeconds: number): string {
	return formatSpan(seconds, nowSeconds) ?? formatAge(seconds, nowSeconds);
}

/** "2026-11-21 01:52 UTC+1 (6 days ago)"; the age is left out from 60 days on. Both in Unix seconds. */
export function formatMomentWithAge(seconds: number, nowSeconds: number): string {
	return `${formatMoment(seconds)}${nowSeconds - seconds < ageLimitSeconds ? ` (${formatAge(seconds, nowSeconds)})` : ''}`;
}

/** What was freed, or is taken more, as measured. What an action had taken or freed before it was interrupted is not counted to its recovery. */
export function describeTaken(bytes: number, isRecovery = false): string {
	const by = isRecovery ? ' by this recovery' : '';
	if (bytes === 0) {
		return `Nothing more is taken on the host${by}.`;
	}

	return bytes < 0 ? `${formatBytes(-bytes)} freed on the host${by}.` : `${formatBytes(bytes)} more taken on the host${by}.`;
}

/** "frees 700 MiB", "takes up to 1.0 MiB more": net, when all is done. Negative bytes are taken. */
export function describeFreed({freed: {atLeast, atMost}, deletedFrom}: {freed: {atLeast: number; atMost: number}; deletedFrom?: readonly string[]}): string {
	const [low, high] = [atLeast, atMost].map(bytes => formatBytes(Math.abs(bytes)));
	if (deletedFrom !== undefined) {
		return `frees ${atLeast > 0 ? `${low}, and ` : ''}what only the deleted states inside images hold`;
	}

	if (atLeast >= 0) {
		return atMost === 0 ? 'frees nothing' : `frees ${low === high ? low : (atLeast === 0 ? `up to ${high}` : `${low} to ${high}`)}`;
	}

	return atMost > 0 ? `frees up to ${high}, or takes up to ${low} more` : `takes ${atMost === 0 ? `up to ${low}` : (low === high ? low : `${high} to ${low}`)} more`;
}

/** For columns: "0", "820M", "6.2G", "98G". */
export function formatShortBytes(sizeBytes: number): string {
	const [number, unit] = formatBytes(sizeBytes).split(' ') as [string, string];
	const digits = Number(number) >= 9.95 || Number(number) === 0 ? String(Math.round(Number(number))) : number;
	return sizeBytes === 0 ? '0' : `${digits}${unit.slice(0, 1)}`;
}

const shortAges = [
	{from: 3 * 365 * 86_400, seconds: 365 * 86_400, unit: 'y'},
	{from: 172_800, seconds: 86_400, unit: 'd'},
	{from: 3600, seconds: 3600, unit: 'h'},
	{from: 60, seconds: 60, unit: 'min'},
];

/** For columns, like `formatAge`: "now", "5min", "3h", "40d", "3y". Both in Unix seconds. */
export function formatShortAge(seconds: number, nowSeconds: number): string {
	const age = Math.max(0, nowSeconds - seconds);
	const found = shortAges.find(({from}) => age >= from);
	return found === undefined ? 'now' : `${Math.floor(age / found.seconds)}${found.unit}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Unix seconds as local "Fri 2026-11-20 22:15". */
export function formatDay(seconds: number): string {
	return `${weekdays[new Date(seconds * 1000).getDay()]!} ${formatTime(seconds)}`;
}
