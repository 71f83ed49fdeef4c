export const signIn = {
  title: 'Sign in',
  token: 'Token',
  what: 'This server asks who you are. An admin gives you a token; it stays in no page, and your session ends by itself after a week.',
  how: 'Whoever runs the server makes one there:',
  go: 'Sign in',
  signedIn: (name: string) => `You are signed in as ${name}.`,
  notNeeded: 'This server asks nobody for a token.',
  onward: 'Go on',
}
