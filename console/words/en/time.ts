export const time = {
  title: 'Time machine',
}
