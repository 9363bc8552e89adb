/**
Text of whatever characters Unicode can have, for properties. fast-check's own unit `binary` first makes a table of all of them, which costs a second in each process.
*/
import fc from 'fast-check';

const isSurrogate = (code: number) => code >= 0xD8_00 && code <= 0xDF_FF;
const unit = fc.integer({min: 0, max: 0x10_FF_FF}).filter(code => !isSurrogate(code)).map(code => String.fromCodePoint(code));

export const anyText = (limits: {minLength?: number; maxLength?: number} = {}) => fc.string({unit, ...limits});
