export const train = {
  title: 'Start a training',
}
