/** What a flow is made of. */
export type FlowRun = {
  readonly id: string
  /**
   * Runs `body` once, ever: after that its recorded result (or error) is given. Results are plain JSON. `cancelSignal()` of
   * base/cancel.ts tells it that the run is to be cancelled: a body that ends by it leaves nothing half done, and one that
   * does not is waited for. From then on no step begins, but for those that clean up (`always`).
   */
  step<T>(name: string, body: () => Promise<T>, options?: { always?: boolean }): Promise<T>
}

export type FlowBody<Input = unknown, Output = unknown> = (run: FlowRun, input: Input) => Promise<Output>

/** What is told of a run when it is recorded. */
export type FlowNews = { run: string; flow: string } & (
  | { type: 'run'; state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled'; cancelling?: true }
  | { type: 'step'; step: string; state: 'running' | 'succeeded' | 'failed'; ms?: number }
  /** Its lines are there up to this number. */
  | { type: 'log'; last: number }
)
