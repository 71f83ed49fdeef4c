import type { ReactNode } from 'react'
import {
  Checkbox as AriaCheckbox,
  Switch as AriaSwitch,
  TextField as AriaTextField,
  type CheckboxProps,
  FieldError,
  Input,
  Label,
  type SwitchProps,
  Text,
  TextArea,
  type TextFieldProps,
} from 'react-aria-components'
import './fields.css'

type Field = Omit<TextFieldProps, 'className' | 'children'> & {
  label: string
  /** The label is read out and not shown. */
  labelUnseen?: boolean
  help?: ReactNode
  error?: string | undefined
  placeholder?: string
}

export function TextField({ label, labelUnseen, help, error, placeholder, ...props }: Field) {
  return (
    <AriaTextField {...props} isInvalid={error !== undefined} className="field">
      <Label className={labelUnseen ? 'unseen' : 'field-label'}>{label}</Label>
      <Input className="field-input" {...(placeholder ? { placeholder } : {})} />
      {help && (
        <Text slot="description" className="field-help">
          {help}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </AriaTextField>
  )
}

export function TextBox({
  label,
  labelUnseen,
  help,
  error,
  placeholder,
  rows = 3,
  ...props
}: Field & { rows?: number }) {
  return (
    <AriaTextField {...props} isInvalid={error !== undefined} className="field">
      <Label className={labelUnseen ? 'unseen' : 'field-label'}>{label}</Label>
      <TextArea className="field-input" rows={rows} {...(placeholder ? { placeholder } : {})} />
      {help && (
        <Text slot="description" className="field-help">
          {help}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </AriaTextField>
  )
}

export function Checkbox({
  children,
  ...props
}: Omit<CheckboxProps, 'className' | 'children'> & { children?: ReactNode }) {
  return (
    <AriaCheckbox {...props} className="checkbox">
      <span className="checkbox-box" aria-hidden="true" />
      {children}
    </AriaCheckbox>
  )
}

export function Switch({ children, ...props }: Omit<SwitchProps, 'className' | 'children'> & { children: ReactNode }) {
  return (
    <AriaSwitch {...props} className="switch">
      <span className="switch-track" aria-hidden="true" />
      {children}
    </AriaSwitch>
  )
}
