/** What a flow is made of. */
export type FlowRun = {
  readonly id: string
  /** Runs `body` once, ever: after that its recorded result (or error) is given. Results are plain JSON. */
  step<T>(name: string, body: () => Promise<T>): Promise<T>
}

export type FlowBody<Input = unknown, Output = unknown> = (run: FlowRun, input: Input) => Promise<Output>
