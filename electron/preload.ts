/** The page's only way out: the functions of shared/bridge.ts. No Electron object ever crosses. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { Bridge, CloseQuestion, EngineStatus } from '../shared/bridge.ts'

const bridge: Bridge = {
  connect: () => ipcRenderer.send('engine:connect'),
  send: frame => ipcRenderer.send('engine:frame', frame),
  onMessage: listener => void ipcRenderer.on('engine:frame', (_, frame: string) => listener(frame)),
  onClose: listener => void ipcRenderer.on('engine:closed', () => listener()),
  onStatus: listener =>
    void ipcRenderer.on('engine:status', (_, status: EngineStatus) => listener(status)),
  pathForFile: file =>
    webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]),
  chooseFiles: kind => ipcRenderer.invoke('dialog:chooseFiles', kind),
  chooseSavePath: suggestedName => ipcRenderer.invoke('dialog:chooseSavePath', suggestedName),
  onCloseAsked: listener =>
    void ipcRenderer.on('window:closeAsked', (_, question: CloseQuestion) => listener(question)),
  answerClose: answer => ipcRenderer.send('window:closeAnswer', answer),
  onSmall: listener =>
    void ipcRenderer.on('window:small', (_, isSmall: boolean) => listener(isSmall)),
  showWindow: () => ipcRenderer.send('window:open'),
}

contextBridge.exposeInMainWorld('benchcast', bridge)
