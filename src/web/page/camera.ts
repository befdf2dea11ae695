/// <reference lib="dom" />
import { PageError, reason } from "./start.ts";

/** What a browser names the reasons for which there is no camera. */
const REFUSALS: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The camera was refused; allow it for this page in the browser's address bar, or drop a picture.",
  NotFoundError: "There is no camera here; drop a picture instead.",
  NotReadableError: "The camera is in use by another program; close that, or drop a picture.",
};

/** The visitor's camera, as a film that nobody sees. */
export class Camera {
  #stream: MediaStream | null = null;

  /** Whether it films. */
  get running(): boolean {
    return this.#stream !== null;
  }

  /**
   * Asks for the camera and waits for its first picture.
   *
   * @throws {PageError} where there is none, or the visitor refuses
   */
  async start(): Promise<HTMLVideoElement> {
    // Browsers hide cameras from pages that come from no safe place.
    if (!navigator.mediaDevices) {
      throw new PageError(
        "The camera is only there where the page comes by https or from localhost.",
      );
    }
    const wanted = { video: { facingMode: "environment", width: 640, height: 480 } };
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch((error) => {
      throw new PageError(REFUSALS[error.name] ?? `The camera does not start: ${reason(error)}`);
    });
    this.#stream = stream;
    // Where the visitor takes the permission back.
    for (const track of stream.getTracks()) track.onended = () => this.stop();
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    return video;
  }

  /** Switches it off. */
  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
  }
}
