/**
 * Where the compiled form of a source file lies. Worker threads and child processes run plain JavaScript on Node 20,
 * also when the caller itself runs from src/ (tests, benchmarks): those then use dist/, which both build first.
 */
export function compiledUrl(relative: string, importMetaUrl: string): URL {
  const url = new URL(relative, importMetaUrl)
  if (!importMetaUrl.endsWith('.ts')) return new URL(url.href.replace(/\.ts$/, '.js'))
  return new URL(url.href.replace(/\/src\/(?!.*\/src\/)/, '/dist/').replace(/\.ts$/, '.js'))
}
