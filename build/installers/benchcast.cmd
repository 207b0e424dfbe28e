@echo off
rem The command line of an installed Benchcast; lies beside the Node that runs it.
setlocal
if not defined BENCHCAST_BOOT_PARTS if exist "%~dp0..\boot-env" set "BENCHCAST_BOOT_PARTS=%~dp0..\boot-env"
"%~dp0node.exe" "%~dp0..\app.asar.unpacked\out\node\cli.js" %*
