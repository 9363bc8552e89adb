/**
What QEMU's answers look like, as far as they are read (docs of QMP, QEMU 4.2 to 11.1). An answer of another shape is none that can be worked with.
*/
import {misfitOf, type Shape} from '../../../model/shape.ts';

const image: Shape = {object: {filename: 'text', format: 'text', 'backing-image': {later: () => image}}};
const bitmaps: Shape = {
	list: {
		object: {
			name: 'text', count: 'number', granularity: 'number', recording: 'boolean', persistent: 'boolean', inconsistent: 'boolean',
		},
	},
};
const job: Shape = {
	object: {
		id: 'text', type: 'text', status: 'text', error: 'text', 'current-progress': 'number', 'total-progress': 'number',
	},
};

const shapes = new Map(Object.entries<Shape>({
	'query-status': {object: {status: 'text'}},
	'query-version': {object: {qemu: {object: {major: 'number', minor: 'number', micro: 'number'}}}},
	'query-uuid': {object: {UUID: 'text'}},
	'query-block': {
		list: {
			object: {
				device: 'text',
				qdev: 'text',
				removable: 'boolean',
				inserted: {
					object: {
						file: 'text', drv: 'text', ro: 'boolean', active: 'boolean', encrypted: 'boolean', 'node-name': 'text', image, 'dirty-bitmaps': bitmaps,
					},
				},
			},
		},
	},
	'query-commands': {list: {object: {name: 'text'}}},
	'query-target': {object: {arch: 'text'}},
	'query-kvm': {object: {enabled: 'boolean'}},
	'query-memory-size-summary': {object: {'base-memory': 'number', 'plugged-memory': 'number'}},
	'query-jobs': {list: job},
	'query-block-jobs': {list: {object: {device: 'text', type: 'text'}}},
	'query-migrate': {object: {status: 'text', 'error-desc': 'text', ram: {object: {total: 'number', remaining: 'number'}}}},
	'query-named-block-nodes': {list: {object: {'node-name': 'text', drv: 'text', ro: 'boolean', file: 'text', image, 'dirty-bitmaps': bitmaps}}},
}));

/** The end of a sentence on what does not fit in the answer to a command; undefined: it fits, or nothing of it is read. */
export function misfitInAnswer(command: string, answer: unknown): string | undefined {
	const shape = shapes.get(command);
	return shape && misfitOf(answer, shape);
}
