import { Button as AriaButton, type ButtonProps } from 'react-aria-components'
import './button.css'

export type Look = 'plain' | 'main' | 'danger' | 'quiet'

/** `main` for the one thing that a page is for, `danger` for what cannot be taken back, `quiet` inside of tables. */
export function Button({
  look = 'plain',
  small = false,
  ...props
}: Omit<ButtonProps, 'className'> & { look?: Look; small?: boolean }) {
  return <AriaButton {...props} className={`button ${look}${small ? ' small' : ''}`} />
}
