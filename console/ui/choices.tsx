import { type ReactNode, useContext, useEffect, useRef } from 'react'
import {
  Menu as AriaMenu,
  Select as AriaSelect,
  Slider as AriaSlider,
  Button,
  ComboBox,
  ComboBoxStateContext,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  MenuItem,
  MenuTrigger,
  Popover,
  SelectValue,
  SliderOutput,
  SliderThumb,
  SliderTrack,
} from 'react-aria-components'
import './choices.css'
import './fields.css'

export type Option = { id: string; name: string; about?: string }

/** One of a few. */
export function Select({
  label,
  labelUnseen,
  options,
  value,
  onChange,
}: {
  label: string
  labelUnseen?: boolean
  options: readonly Option[]
  value: string | null
  onChange: (id: string) => void
}) {
  return (
    <AriaSelect className="field" value={value} onChange={(key) => onChange(String(key))}>
      <Label className={labelUnseen ? 'unseen' : 'field-label'}>{label}</Label>
      <Button className="select-button">
        <SelectValue className="one-line" />
        <span aria-hidden="true" className="select-mark" />
      </Button>
      <Options options={options} />
    </AriaSelect>
  )
}

/** One of many, found by typing; with `free` also what is not in the list. */
export function Combo({
  label,
  labelUnseen,
  options,
  value,
  onChange,
  onType,
  free = false,
  placeholder,
}: {
  label: string
  labelUnseen?: boolean
  options: readonly Option[]
  value: string
  onChange: (id: string) => void
  onType?: (text: string) => void
  free?: boolean
  placeholder?: string
}) {
  const wanted = useRef(false)
  const want = () => {
    wanted.current = true
  }
  return (
    <ComboBox
      className="field"
      allowsCustomValue={free}
      inputValue={value}
      onInputChange={(text) => (onType ?? onChange)(text)}
      onSelectionChange={(key) => {
        wanted.current = false
        if (key !== null) onChange(String(key))
      }}
      menuTrigger="focus"
    >
      <Label className={labelUnseen ? 'unseen' : 'field-label'}>{label}</Label>
      <Input className="field-input" onFocus={want} onInput={want} {...(placeholder ? { placeholder } : {})} />
      <OpensLate wanted={wanted} />
      <Options options={options} />
    </ComboBox>
  )
}

/** What completes a text may come after it was typed: the list then opens as if it had been there. */
function OpensLate({ wanted }: { wanted: { current: boolean } }) {
  const state = useContext(ComboBoxStateContext)
  // At each drawing: nothing else tells that the list has come.
  useEffect(() => {
    if (!state || !wanted.current) return
    if (!state.isOpen && state.isFocused) state.open(null, 'input')
    if (state.isOpen || !state.isFocused) wanted.current = false
  })
  return null
}

function Options({ options }: { options: readonly Option[] }) {
  return (
    <Popover className="popover">
      <ListBox className="options" items={options}>
        {(option) => (
          <ListBoxItem id={option.id} textValue={option.name} className="option">
            {option.name}
            {option.about && <span className="quiet small"> {option.about}</span>}
          </ListBoxItem>
        )}
      </ListBox>
    </Popover>
  )
}

export type MenuEntry = { id: string; name: string; onChoose: () => void; danger?: boolean; disabled?: boolean }

/** What can be done, behind one button. */
export function Menu({ trigger, entries }: { trigger: ReactNode; entries: readonly MenuEntry[] }) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="popover">
        <AriaMenu className="options" disabledKeys={entries.filter(({ disabled }) => disabled).map(({ id }) => id)}>
          {entries.map(({ id, name, onChoose, danger }) => (
            <MenuItem key={id} id={id} onAction={onChoose} className={danger ? 'option danger' : 'option'}>
              {name}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}

/** A number chosen by sliding; `text` says it in words. */
export function Slider({
  label,
  value,
  min,
  max,
  step = 1,
  text,
  onChange,
}: {
  label: string
  value: number
  min: number
  max: number
  step?: number
  text?: string
  onChange: (value: number) => void
}) {
  return (
    <AriaSlider
      className="slider"
      value={value}
      minValue={min}
      maxValue={max}
      step={step}
      onChange={(next) => onChange(Number(next))}
    >
      <Label className="field-label">{label}</Label>
      <SliderOutput className="slider-text">{text ?? String(value)}</SliderOutput>
      <SliderTrack className="slider-track">
        <SliderThumb className="slider-thumb" />
      </SliderTrack>
    </AriaSlider>
  )
}
