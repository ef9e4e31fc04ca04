@echo off
rem Starts JVS on Windows: the same as bin/jvs, which has the reasons.
setlocal
rem root:begin
set "root=%~dp0.."
rem root:end
set DENO_NO_UPDATE_CHECK=1
set "deno="
if defined JVS_DENO set "deno=%JVS_DENO%"
if not defined deno if exist "%root%\.deno\deno.path" set /p deno=<"%root%\.deno\deno.path"
if not defined deno for %%d in (deno.exe) do set "deno=%%~$PATH:d"
if defined deno goto found
where /q npx
if errorlevel 1 goto missing
npx -y deno@2.9.6 run -q --no-prompt -P=jvs "%root%\cli.ts" %*
exit /b %errorlevel%
:found
"%deno%" run -q --no-prompt -P=jvs "%root%\cli.ts" %*
exit /b %errorlevel%
:missing
echo jvs: Cannot start: there is neither Deno 2.9 nor npx. Install Node.js (https://nodejs.org) or Deno (npm install -g deno@2.9.6), or name a Deno in JVS_DENO. 1>&2
exit /b 1
