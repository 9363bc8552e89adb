/**
Numbers for people: sizes, times and versions.
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

/** A version as libvirt counts it (major * 1,000,000 + minor * 1,000 + release) as "11.2" or "11.2.1". */
export function formatVersion(version: number): string {
	const [major, minor, release] = [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000];
	return `${major}.${minor}${release === 0 ? '' : `.${release}`}`;
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
