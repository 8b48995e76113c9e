/** Work that can wait a frame or two, done a few pieces a frame so that no frame gets all of it. */
export class Turns {
  #waiting = new Map<object, () => void>();
  #frame: unknown;
  #left = 0;
  #asked = false;

  constructor(readonly perFrame: number) {}

  /** Do it at once if this frame has room, else in its turn; a newer piece takes the turn of its owner's older one. */
  take(owner: object, piece: () => void): void {
    this.#waiting.set(owner, piece);
    if (this.#frame !== document.timeline.currentTime) this.#begin();
    this.#work();
  }

  #begin(): void {
    this.#frame = document.timeline.currentTime;
    this.#left = this.perFrame;
  }

  #work(): void {
    for (const [owner, piece] of this.#waiting) {
      if (!this.#left) break;
      this.#waiting.delete(owner);
      this.#left--;
      piece();
    }
    if (this.#asked || !this.#waiting.size) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#begin();
      this.#work();
    });
  }
}
