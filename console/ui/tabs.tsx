import type { ReactNode } from 'react'
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from 'react-aria-components'
import './tabs.css'

export type TabItem = { id: string; name: ReactNode; content: () => ReactNode }

/** Parts of a page of which one is shown; which one belongs into the address, so the page holds it. */
export function Tabs({
  label,
  items,
  chosen,
  onChoose,
}: {
  label: string
  items: readonly TabItem[]
  chosen: string
  onChoose: (id: string) => void
}) {
  return (
    <AriaTabs className="tabs" selectedKey={chosen} onSelectionChange={(key) => onChoose(String(key))}>
      <TabList aria-label={label} className="tabs-list">
        {items.map(({ id, name }) => (
          <Tab key={id} id={id} className="tabs-tab">
            {name}
          </Tab>
        ))}
      </TabList>
      {items.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="tabs-panel">
          {id === chosen && content()}
        </TabPanel>
      ))}
    </AriaTabs>
  )
}
