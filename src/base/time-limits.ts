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

/** To connect to S3. */
export const S3_CONNECT_MS = 3_000
/** Without a byte in either direction; what moves may take as long as it takes. */
export const S3_IDLE_MS = 8_000
/** Each call, the first try included. */
export const S3_TRIES = 3

/** For an answer of another MLflow server that is only read, for a write, and for a file. */
export const MLFLOW_READ_MS = 20_000
export const MLFLOW_WRITE_MS = 60_000
export const MLFLOW_FILE_MS = 10 * 60_000

/** For everything together that is closed when a process ends, or a start fails. */
export const CLOSE_MS = 5_000
