// The command line on a device that fails: failing_cli.ts KIND SUBMITS WORDS..., of which opening the device is the first, where the device is destroyed (`lost`), reports
// that memory ran out (`memory`) or that a call was wrong (`validation`) at its SUBMITSth submission.
import { main } from "../../../src/cli/main.ts";

const [kind, count, ...words] = Deno.args;
let left = Number(count);
const { requestDevice } = GPUAdapter.prototype;

function report(device: GPUDevice, error: GPUError): void {
  device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
}

function fail(device: GPUDevice): void {
  if (kind === "lost") device.destroy();
  if (kind === "memory") report(device, new GPUOutOfMemoryError("Not enough memory left."));
  if (kind === "validation") report(device, new GPUValidationError("Binding 3 is too small."));
}

GPUAdapter.prototype.requestDevice = async function (...options) {
  const device = await requestDevice.apply(this, options);
  const { submit } = GPUQueue.prototype;
  device.queue.submit = function (commands) {
    submit.call(this, commands);
    if (--left === 0) fail(device);
  };
  return device;
};
Deno.exit(await main(words));
