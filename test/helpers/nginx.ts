import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Missing } from './needs.ts'
import { answering, freePort, inPath } from './programs.ts'

// Debian keeps it where only root's shell looks.
export const NGINX = process.env.WEIR_NGINX || inPath('nginx') || '/usr/sbin/nginx'
const OPENSSL = inPath('openssl')

export function missingNginx(): Missing {
  if (!existsSync(NGINX)) return { what: 'there is no nginx in PATH, and WEIR_NGINX names none' }
  return OPENSSL === '' ? { what: 'there is no openssl in PATH, which makes the certificate of nginx' } : undefined
}

/** The block of the guide as it stands there, but for what every reader changes: the two addresses and the certificate. */
function pagesBlock(changes: Record<string, string>): string {
  const page = fileURLToPath(new URL('../../docs/guide/proxy.md', import.meta.url))
  let block = /```nginx\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'))?.[1] ?? ''
  for (const [text, by] of Object.entries(changes)) {
    if (block.split(text).length !== 2) throw new Error(`docs/guide/proxy.md should have '${text}' once in its block`)
    block = block.replace(text, by)
  }
  return block
}

/** nginx with the block of the guide before a server; gone with `stop`. */
export async function startNginx(target: string) {
  const dir = await mkdtemp(join(tmpdir(), 'weir-nginx-'))
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=models.example.com', '-addext', 'subjectAltName=DNS:models.example.com']
  execFileSync(OPENSSL, [...request, ...name, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  const port = await freePort()
  const block = pagesBlock({
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/models.crt': certificate,
    '/etc/nginx/models.key': key,
    'http://127.0.0.1:8000': target,
  })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const log = join(dir, 'error.log')
  await writeFile(
    join(dir, 'nginx.conf'),
    `daemon off;
master_process off;
pid ${join(dir, 'pid')};
error_log ${log};
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${join(dir, kind)};`).join('\n  ')}
${block}}
`,
  )
  const child = spawn(NGINX, ['-p', dir, '-e', log, '-c', join(dir, 'nginx.conf')], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  try {
    // By plain HTTP it answers 400, which is an answer.
    await answering(child, `http://127.0.0.1:${port}/`)
  } catch (error) {
    const says = existsSync(log) ? readFileSync(log, 'utf8').slice(0, 1_000) : ''
    await stop()
    throw new Error(`nginx does not take the block of the guide: ${says}`, { cause: error })
  }
  return { port, ca: readFileSync(certificate), stop }
}
