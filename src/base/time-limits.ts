/**
 * How long another process may take: the one table of it, told in docs/guide/stores.md. Every call to Redis, S3 and
 * another MLflow server has such a limit; those of PostgreSQL are in db/.
 */

/** To connect and be greeted. */
export const REDIS_CONNECT_MS = 2_000
/** For the values of one request, or the state that /ready asks for. */
export const REDIS_READ_MS = 1_500
/** For a part of a load or a scan. */
export const REDIS_WRITE_MS = 10_000

export const S3_LIMITS = {
  connectMs: 3_000,
  /** For the beginning of an answer: to a call without a large body, and to one that has the store join parts. */
  answerMs: 5_000,
  longMs: 120_000,
  /** A body without a byte in either direction; one that moves may take as long as it takes. */
  idleMs: 15_000,
  /** Of each call, the first included. */
  tries: 3,
}
/** After it a start says what it waits for. */
export const SAY_MS = 2_000

/** For an answer of another MLflow server that is only read (and each part of it), for a write, and for a file that is sent. */
export const MLFLOW_READ_MS = 20_000
export const MLFLOW_WRITE_MS = 60_000
export const MLFLOW_FILE_MS = 10 * 60_000

/** For each thing that is closed when a process ends, or a start fails. */
export const CLOSE_MS = 8_000
/** For looks at the registry and loads of models that are under way when a server ends. */
export const LOOK_STOP_MS = 2_000
