-- What scripts may see and use. Run once in a new VM, it turns the globals of Lua's library and the native ones (`native`) into what
-- Redis's scripts find: tables that can't be changed, no way out of the sandbox, errors as Redis's functions raise them.
-- Returns the real globals, the real table `redis`, what clears away a script's traces, xpcall, and what gives a function its arguments.
local native = ...
local getmetatable, setmetatable, rawset, rawget = getmetatable, setmetatable, rawset, rawget
local type, next, pairs, pcall, xpcall, error = type, next, pairs, pcall, xpcall, error
local select, loadstring, concat, collect, resume = select, loadstring, table.concat, collectgarbage, coroutine.resume
local seen, sub, find = native.seen, string.sub, string.find

-- Tables that stand in for those that can't be changed, and what they stand for.
local originals = {}

local function refuse()
  error('Attempt to modify a readonly table', 2)
end

local function protect(original, metatable)
  local standin = {}
  originals[standin] = original
  return setmetatable(standin, { __index = original, __newindex = refuse, __metatable = metatable or false })
end

local function wanted(value, kind, position, name)
  if type(value) ~= kind then
    local got = value == nil and 'nil' or type(value)
    error('bad argument #' .. position .. ' to \'' .. name .. '\' (' .. kind .. ' expected, got ' .. got .. ')', 3)
  end
end

local globals = {}
for _, name in ipairs {
  '_VERSION', 'assert', 'error', 'gcinfo', 'getmetatable', 'ipairs', 'rawequal', 'select', 'setmetatable', 'tonumber', 'tostring',
  'type', 'unpack',
} do
  globals[name] = _G[name]
end

-- Native errors are seen as Redis's functions raise them; an error reply is its text.
local function settle(is_well, ...)
  if is_well then
    return true, ...
  end
  local problem = ...
  if type(problem) == 'userdata' then
    problem = seen(problem)
  end
  if type(problem) == 'table' then
    local text = problem.err
    if type(text) == 'string' or type(text) == 'number' then
      problem = text
    end
  end
  return false, problem
end

function globals.pcall(...)
  if select('#', ...) == 0 then
    return false, 'attempt to call a boolean value'
  end
  return settle(pcall(...))
end

function globals.xpcall(act, handler)
  return xpcall(act, function(problem)
    return handler(seen(problem))
  end)
end

local function resumed(is_well, ...)
  if is_well then
    return true, ...
  end
  return false, seen((...))
end

function globals.next(object, key)
  wanted(object, 'table', 1, 'next')
  return next(originals[object] or object, key)
end

function globals.pairs(object)
  wanted(object, 'table', 1, 'pairs')
  local original = originals[object]
  if not original then
    return next, object, nil
  end
  return function(_, key)
    return next(original, key)
  end, object, nil
end

function globals.rawget(object, key)
  wanted(object, 'table', 1, 'rawget')
  return rawget(originals[object] or object, key)
end

function globals.rawset(object, key, value)
  wanted(object, 'table', 1, 'rawset')
  if originals[object] then
    error('Attempt to modify a readonly table', 0)
  end
  return rawset(object, key, value)
end

-- Compiled code is not checked by the VM, so it can break it: only text is taken.
local function compile(text, name)
  if sub(text, 1, 1) == '\27' then
    return nil, '[string "' .. (find(text, '[%z\r\n]') and sub(text, 1, find(text, '[%z\r\n]') - 1) or text) ..
      '"]:1: unexpected symbol near \'char(27)\''
  end
  return loadstring(text, name)
end

function globals.loadstring(text, name)
  if type(text) == 'number' then
    text = text .. ''
  end
  wanted(text, 'string', 1, 'loadstring')
  return compile(text, name)
end

function globals.load(read, name)
  wanted(read, 'function', 1, 'load')
  local pieces = {}
  while true do
    local piece = read()
    if piece == nil or piece == '' then
      return compile(concat(pieces), name or '=(load)')
    elseif type(piece) ~= 'string' then
      return nil, 'reader function must return a string'
    end
    pieces[#pieces + 1] = piece
  end
end

-- The collector goes on whatever a script asks for.
function globals.collectgarbage(option, argument)
  if option == 'count' or option == 'collect' or option == 'step' or option == nil then
    return collect(option, argument)
  elseif option == 'stop' or option == 'restart' or option == 'setpause' or option == 'setstepmul' then
    return 0
  end
  wanted(option, 'string', 1, 'collectgarbage')
  error('bad argument #1 to \'collectgarbage\' (invalid option \'' .. option .. '\')', 2)
end

local function copy(original)
  local copied = {}
  for key, value in pairs(original) do
    copied[key] = value
  end
  return copied
end

coroutine.resume = function(...)
  return resumed(resume(...))
end
for name, replacement in pairs(native.math) do
  math[name] = replacement
end

for _, name in ipairs { 'coroutine', 'math', 'string', 'table' } do
  globals[name] = protect(copy(_G[name]))
end
for name, library in pairs(native.libraries) do
  globals[name] = protect(library)
end
globals.redis = protect(native.redis)
globals.__redis__err__handler = native.placed

-- Strings find their methods in the library that can't be changed.
local strings = getmetatable('')
strings.__index = originals[globals.string]
strings.__metatable = protect { __index = globals.string }

local outside = protect(setmetatable(globals, { __index = native.missing }), protect {})
globals._G = outside
setfenv(0, outside)

-- `table.insert` writes past the stand-ins' metatables: what it wrote goes with the script.
local function clear()
  for standin in next, originals do
    local key = next(standin)
    while key ~= nil do
      rawset(standin, key, nil)
      key = next(standin)
    end
  end
end

local function bind(callback, keys, arguments)
  return function()
    return callback(keys, arguments)
  end
end

return globals, native.redis, clear, xpcall, bind
