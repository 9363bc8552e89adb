import {startLab} from './test/lab/daemons.ts';
await startLab();
console.log('up');
