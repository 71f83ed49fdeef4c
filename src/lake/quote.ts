/** An SQL identifier, safe whatever its characters; PostgreSQL and DuckDB quote alike. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** An SQL text literal: for paths and moments of ours where a statement can take no bound value (DuckDB's COPY). */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
