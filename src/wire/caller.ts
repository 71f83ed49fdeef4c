/** Who calls, as far as anybody says: the user name that Basic sends, and the door through which the call came. */
export function callerName(headers: { authorization?: string }, door: string): string {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return door
  const [user = ''] = Buffer.from(value, 'base64').toString('utf8').split(':', 1)
  const plain = user.replace(/[^\p{L}\p{N}@._-]/gu, '').slice(0, 60)
  return plain === '' ? door : `${plain} (${door})`
}
