// Measures the latency of an ONNX model of export_onnx.py in ONNX Runtime; prints one JSON document.
// Usage: node infer_onnxruntime.js MODEL.onnx BATCH THREADS
"use strict";
const fs = require("node:fs");
const ort = require("onnxruntime-node");

const WARM_UP_SECONDS = 0.3;
const MEASURE_SECONDS = 1;
const MIN_RUNS = 20;

async function repeat(session, feeds, duration) {
  const milliseconds = [];
  const end = performance.now() + 1e3 * duration;
  while (milliseconds.length < MIN_RUNS || performance.now() < end) {
    const start = performance.now();
    await session.run(feeds);
    milliseconds.push(performance.now() - start);
  }
  return milliseconds.sort((a, b) => a - b);
}

async function main() {
  const [model, batch, threads] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
  const { arch, shape, weights } = JSON.parse(fs.readFileSync(`${model}.json`, "utf8"));
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential", graphOptimizationLevel: "all",
  });
  const dims = [batch, ...shape];
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => 2 * Math.random() - 1);
  const feeds = { input: new ort.Tensor("float32", values, dims) };
  await repeat(session, feeds, WARM_UP_SECONDS);
  const milliseconds = await repeat(session, feeds, MEASURE_SECONDS);
  console.log(JSON.stringify({
    form: "onnxruntime", version: require("onnxruntime-node/package.json").version, model: arch, batch, threads, weights,
    latency_ms: { min: milliseconds[0], median: milliseconds[milliseconds.length >> 1] },
  }));
}

main().catch((error) => {
  console.error(`infer_onnxruntime.js: ${error.message}`);
  process.exitCode = 1;
});
