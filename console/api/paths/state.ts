export const events = () => 'events'
export const ready = () => 'ready'
