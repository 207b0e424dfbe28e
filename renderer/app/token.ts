/**
 * The dashboard's token comes in the URL's fragment, which no server, proxy or Referer ever sees. It is moved into
 * the tab's own storage at once, so that it shows neither on the screen nor in the history, and a reload works.
 */
const KEY = 'benchcast-token'

export function takeToken(): string {
  const token = /^#token=([0-9a-f]{32})$/.exec(location.hash)?.[1]
  if (token === undefined) return sessionStorage.getItem(KEY) ?? ''
  sessionStorage.setItem(KEY, token)
  history.replaceState(null, '', location.pathname)
  return token
}
