/**
Numbers for people: sizes and times.
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

/** Unix seconds as "2026-11-21 01:52" in the time zone given in minutes east of UTC (0: UTC). */
export function formatTime(seconds: number, offsetMinutes = 0): string {
	return new Date((seconds + (offsetMinutes * 60)) * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

/** How long ago: "just now", "5 min ago", "3 h ago", "12 days ago". Both in Unix seconds. */
export function formatAge(seconds: number, nowSeconds: number): string {
	const age = Math.max(0, nowSeconds - seconds);
	if (age < 60) {
		return 'just now';
	}

	if (age < 3600) {
		return `${Math.floor(age / 60)} min ago`;
	}

	if (age < 172_800) {
		return `${Math.floor(age / 3600)} h ago`;
	}

	return `${Math.floor(age / 86_400)} days ago`;
}
