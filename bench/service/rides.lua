-- What wrk asks: the rides of a file in turn, each a request of its own. wrk -s rides.lua URL -- RIDES
-- Its last line is JSON.

local requests = {}
local place = 0

function init(args)
  for ride in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", "/predict", { ["Content-Type"] = "application/json" }, ride)
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency)
  local errors = summary.errors
  local form = '{"requests": %d, "microseconds": %d, "connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d, "p50": %d, "p99": %d}\n'
  io.write(form:format(summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status, errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
