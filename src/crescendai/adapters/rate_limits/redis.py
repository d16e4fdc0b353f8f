"""Rate limits in a Redis or Valkey server: the times of each key's last calls, by its clock."""

from __future__ import annotations

from typing import Any

from crescendai.adapters.redis.link import PREFIX, RedisLink
from crescendai.errors import Unavailable
from crescendai.kit.ids import new_id
from crescendai.ports.rate_limit import RateLimiter, Verdict

_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
-- calls of the future were made before the clock was put back
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
local count = redis.call('ZCARD', KEYS[1])
local allowed = count < limit
if allowed then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  count = count + 1
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local reset = window
if first[2] then reset = tonumber(first[2]) + window - now end
return {allowed and 1 or 0, limit - count, reset}
"""


class RedisRateLimiter:
    """The RateLimiter port. While the server is away ``local`` counts, for one machine only."""

    def __init__(self, link: RedisLink, local: RateLimiter) -> None:
        self._link = link
        self._local = local
        self._hit: Any = link.client.register_script(_HIT)

    async def hit(self, key: str, limit: int, window_sec: float) -> Verdict:
        window_us = int(window_sec * 1_000_000)
        arguments = [limit, window_us, new_id().hex]
        try:
            allowed, remaining, reset_us = await self._link.ask(
                lambda _: self._hit(keys=[f"{PREFIX}calls:{key}"], args=arguments)
            )
        except Unavailable:
            return await self._local.hit(key, limit, window_sec)
        return Verdict(bool(allowed), remaining, max(0, reset_us) / 1_000_000)
