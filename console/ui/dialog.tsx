import { type ReactNode, useState } from 'react'
import { Dialog as AriaDialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useWords } from '../words/words.tsx'
import { Button } from './button.tsx'
import './dialog.css'

/** A dialog above the page. With `trigger` it opens by that button; else `isOpen` and `onOpenChange` say. */
export function Dialog({
  title,
  trigger,
  isOpen,
  onOpenChange,
  wide = false,
  children,
}: {
  title: string
  trigger?: ReactNode
  isOpen?: boolean
  onOpenChange?: (open: boolean) => void
  wide?: boolean
  children: (close: () => void) => ReactNode
}) {
  const overlay = (
    <ModalOverlay
      className="dialog-overlay"
      isDismissable
      {...(trigger ? {} : { isOpen: isOpen ?? false, onOpenChange })}
    >
      <Modal className={wide ? 'dialog-modal wide' : 'dialog-modal'}>
        <AriaDialog className="dialog">
          {({ close }) => (
            <>
              <Heading slot="title">{title}</Heading>
              {children(close)}
            </>
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
  if (!trigger) return overlay
  return (
    <DialogTrigger {...(isOpen === undefined ? {} : { isOpen })} {...(onOpenChange ? { onOpenChange } : {})}>
      {trigger}
      {overlay}
    </DialogTrigger>
  )
}

/** Asks before what cannot be taken back; `onConfirm` may fail: what it threw is shown by whoever called. */
export function Confirm({
  title,
  trigger,
  action,
  danger = false,
  onConfirm,
  children,
}: {
  title: string
  trigger: ReactNode
  action: string
  danger?: boolean
  onConfirm: () => Promise<unknown> | unknown
  children?: ReactNode
}) {
  const w = useWords().ui
  const [busy, setBusy] = useState(false)
  return (
    <Dialog title={title} trigger={trigger}>
      {(close) => (
        <>
          {children}
          <DialogActions>
            <Button onPress={close}>{w.cancel}</Button>
            <Button
              look={danger ? 'danger' : 'main'}
              isDisabled={busy}
              onPress={async () => {
                setBusy(true)
                try {
                  await onConfirm()
                } finally {
                  setBusy(false)
                  close()
                }
              }}
            >
              {action}
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  )
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="dialog-actions">{children}</div>
}
