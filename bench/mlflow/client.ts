import { connect, type Socket } from 'node:net'

/**
 * One caller that waits for each answer, on a connection of its own that it opens again when the server closes it. It
 * writes and reads HTTP/1.1 by hand, so that the processor time of the caller is not what is measured: Node's own client
 * takes as long for a call as the server.
 */
export function openCaller(url: string) {
  const { hostname, port } = new URL(url)
  let socket: Socket | undefined
  let answered: ((answer: string) => void) | undefined
  let failed: ((error: Error) => void) | undefined
  let text = ''

  function open(): Socket {
    const opened = connect({ host: hostname, port: Number(port), noDelay: true })
    opened.setEncoding('latin1')
    opened.on('data', (piece: string) => {
      text += piece
      const head = text.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1]
      if (length === undefined) return failed?.(new Error(`no content-length: ${text.slice(0, head)}`))
      if (text.length < head + 4 + Number(length)) return
      const answer = text
      text = ''
      // Before the next request, so that it is not written into a connection that the server is about to close.
      if (/\r\nconnection: *close/i.test(answer.slice(0, head))) drop(opened)
      answered?.(answer)
    })
    opened.on('error', (error) => failed?.(error))
    opened.on('close', () => {
      if (socket === opened) socket = undefined
    })
    return opened
  }

  function drop(opened: Socket): void {
    opened.destroy()
    socket = undefined
  }

  return {
    /** Sends one POST with JSON. */
    post(path: string, body: string): Promise<{ status: number; json: string }> {
      return new Promise((resolve, reject) => {
        answered = (answer) =>
          resolve({ status: Number(answer.slice(9, 12)), json: answer.slice(answer.indexOf('\r\n\r\n') + 4) })
        failed = reject
        socket ??= open()
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        )
      })
    },
    close: () => socket?.destroy(),
  }
}
