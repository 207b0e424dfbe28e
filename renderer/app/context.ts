/** What every part of the page may use: the store and the engine. */
import { createContext, useCallback, useContext } from 'react'
import { useStore } from 'zustand'
import type { RequestName, Requests } from '../../shared/ipc.ts'
import type { Engine } from '../engine.ts'
import type { State, Store } from './store.ts'

export const AppContext = createContext<{
  readonly store: Store
  readonly engine: Engine
} | null>(null)

export function useApp<T>(selector: (state: State) => T): T {
  return useStore(useInside().store, selector)
}

/** What is known when it is called: for what happens on a press, and need not be drawn. */
export function useNow(): () => State {
  return useInside().store.getState
}

export function useEngine(): Engine {
  return useInside().engine
}

/** Asks the engine. A fault becomes a notice and answers undefined, which the engine itself never does. */
export type Ask = <N extends RequestName>(
  name: N,
  input: Requests[N]['input'],
) => Promise<Requests[N]['output'] | undefined>

export function useAsk(): Ask {
  const { store, engine } = useInside()
  return useCallback<Ask>(
    async (name, input) => {
      try {
        return await engine.call(name, input)
      } catch (error) {
        store.getState().tell('bad', error instanceof Error ? error.message : String(error))
        return undefined
      }
    },
    [store, engine],
  )
}

function useInside(): { readonly store: Store; readonly engine: Engine } {
  const inside = useContext(AppContext)
  if (!inside) throw new Error('Used outside <AppContext>.')
  return inside
}
