; A firewall's rule for the program that opens the sockets: the engine's Node, not the window. Public networks stay closed.
!macro customInstall
  nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="Benchcast"'
  nsExec::ExecToLog 'netsh advfirewall firewall add rule name="Benchcast" dir=in action=allow program="$INSTDIR\resources\engine\node.exe" profile=private,domain enable=yes'
!macroend

!macro customUnInstall
  nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="Benchcast"'
!macroend
