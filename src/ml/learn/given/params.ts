/** A command of the project that learns, and what it may take; see docs/guide/trainers.md. */
export type Trainer = {
  kind: 'trainer'
  /** The program and its arguments. No shell reads them. */
  command: string[]
  timeoutMs: number
  /** What the command finds in its environment, beside what Weir tells it. */
  env: Record<string, string>
  /** The names of variables that are handed on from Weir's own environment. */
  passEnv: string[]
  /** What else the command is made of: a part of the project's code. */
  files: string[]
  maxModelBytes: number
  /** SHA-256 of the code of the project: another one is another trainer. */
  code: string
}

export function isTrainer(learner: { kind: string }): learner is Trainer {
  return learner.kind === 'trainer'
}
