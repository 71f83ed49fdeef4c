import { ApiError, told401 } from './client.ts'

/** Sends files as a form and tells how much of it has gone: `fetch` cannot. */
export function upload<Answer>(
  url: string,
  form: FormData,
  onSent: (share: number) => void,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => onSent(lengthComputable ? loaded / total : 0)
    request.upload.onload = () => onSent(1)
    request.onerror = () => reject(new ApiError(0, 'no_answer', 'The server does not answer.'))
    request.onabort = () => reject(new DOMException('broken off', 'AbortError'))
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status < 300) return resolve(body as Answer)
      if (request.status === 401) told401()
      const { error, detail } = body
      const says = detail ?? `${request.status} ${request.statusText}`
      reject(new ApiError(request.status, String(error ?? 'unknown'), String(says), body))
    }
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
