-- A period is as long as its months wherever the session is that counts it, and ends where the next begins: of one that began on 31 January
-- the second begins on 28 February and the third on 31 March, not on the 28th again.
CREATE OR REPLACE FUNCTION traceflow.roll_periods() RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
    UPDATE traceflow.traceflow_subscriptions SET
        current_period_start = coalesce(current_period_start, created_at),
        current_period_end = coalesce(current_period_start, created_at)
            + CASE billing_cycle WHEN 'annual' THEN interval '1 year' ELSE interval '1 month' END
    WHERE current_period_end IS NULL OR current_period_start IS NULL;
    -- Months are added to a day that all of them have: to the end, where the start was cut to a shorter month.
    UPDATE traceflow.traceflow_subscriptions AS it SET
        current_period_start = months.base + months.n * interval '1 month',
        current_period_end = months.base + (months.n + months.step) * interval '1 month',
        ai_credits_used = 0,
        updated_at = now()
    FROM traceflow.traceflow_subscriptions AS old
    CROSS JOIN LATERAL (
        SELECT
            cycle.step,
            CASE
                WHEN old.current_period_end - cycle.step * interval '1 month' = old.current_period_start
                    THEN old.current_period_end
                ELSE old.current_period_start
            END AS base
        FROM (SELECT CASE old.billing_cycle WHEN 'annual' THEN 12 ELSE 1 END AS step) AS cycle
    ) AS from_here
    CROSS JOIN LATERAL (
        SELECT from_here.base, from_here.step, max(n) AS n FROM generate_series(0, 12000, from_here.step) AS n
        WHERE from_here.base + n * interval '1 month' <= now()
    ) AS months
    WHERE it.id = old.id AND it.current_period_end <= now() AND it.stripe_subscription_id IS NULL
      AND it.status IN ('active', 'trial', 'past_due')
      AND months.base + months.n * interval '1 month' > old.current_period_start;
END;
$$;
