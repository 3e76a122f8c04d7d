// Runs each FOLDER/NAME.onnx on FOLDER/NAME.input.npy with ONNX Runtime and writes FOLDER/NAME.logits.npy.
// Usage: node run_models.mjs FOLDER-WITH-NODE-MODULES FOLDER
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, folder] = process.argv.slice(2).map(path => resolve(path));
const ort = createRequire(join(modules, 'package.json'))('onnxruntime-node');

function readNpy(path) {
  const bytes = readFileSync(path);
  const header = bytes.subarray(10, 10 + bytes.readUInt16LE(8)).toString('latin1');
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').map(size => size.trim()).filter(Boolean).map(Number);
  const data = bytes.subarray(10 + bytes.readUInt16LE(8));
  return new ort.Tensor('float32', new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)), shape);
}

function writeNpy(path, tensor) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tensor.dims.join(', ')}), }`;
  const header = Buffer.from(text.padEnd(117) + '\n', 'latin1');
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  writeFileSync(path, Buffer.concat([start, header, Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)]));
}

for (const file of readdirSync(folder).filter(file => file.endsWith('.onnx'))) {
  const name = join(folder, file.slice(0, -'.onnx'.length));
  const session = await ort.InferenceSession.create(`${name}.onnx`, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const result = await session.run({ [session.inputNames[0]]: readNpy(`${name}.input.npy`) });
  writeNpy(`${name}.logits.npy`, result[session.outputNames[0]]);
}
