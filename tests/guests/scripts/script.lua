-- SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
-- Errors caught and rethrown, coroutines, closures, metatables, strings, sorting, collection, chunks made at run time.
local ok, err = pcall(function() error({ code = 42 }) end)
print(ok, type(err), err.code)
print(select(2, pcall(function() local x = nil; return x.y end)):gsub("^.-:", ""))
print(xpcall(function() error("deep", 0) end, function(m) return "handled " .. m end))
print(pcall(pcall, error, "nested"))
local depth = 0
local function dive() depth = depth + 1; return dive() + 1 end
local overflow, message = pcall(dive)
print(overflow, message:match("stack overflow"), depth > 1000)

local squares = coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i * i) end end)
print(squares(), squares(), squares(), squares())
local co = coroutine.create(function(a) local b = coroutine.yield(a + 1); error("in coroutine " .. b) end)
print(coroutine.resume(co, 1))
print((select(2, coroutine.resume(co, 2)):gsub("^.-:", "")))
print(coroutine.status(co))

local point = setmetatable({ x = 1 }, { __index = function(_, k) return k .. "!" end, __call = function(s, y) return s.x + y end,
  __close = function() print("closed") end })
do local guard <close> = point; print(point.z, point(10)) end

local t = {}
for i = 1, 1000 do t[i] = i * 7919 % 1009 end
table.sort(t)
print(t[1], t[500], t[1000], #t)
print(string.format("%5.2f|%-6d|%q|%s|%a", 3.14159, 42, "a\nb", ("x"):rep(5, ","), 0.5), #arg, arg[1])
print(("the quick brown fox"):gsub("%w+", function(w) return w:upper():reverse() end))
print(1 // 0.0, -7 // 2, -7 % 3, 7 % -3, 3 | 4 ~ 1, 1 << 62, math.maxinteger + 1 == math.mininteger, 2 ^ 0.5, 10 // 3)
print((select(2, pcall(function() return 1 // 0 end)):gsub("^.-:", "")))
print(select("#", load("return 1, 2, 3")()), load("syntax error here", "=chunk"))
local weak = setmetatable({}, { __mode = "v" })
for i = 1, 100 do weak[i] = {} end
collectgarbage()
print(#weak, collectgarbage("count") > 10)
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print(fib(22), utf8.char(228, 8364, 128512), utf8.len("äöü"))
os.exit(true, true)
