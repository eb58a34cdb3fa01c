-- Periods begin with the subscription where nobody says when, and follow one another where no payment provider moves them.
CREATE OR REPLACE FUNCTION traceflow.roll_periods() RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    UPDATE traceflow.traceflow_subscriptions SET
        current_period_start = coalesce(current_period_start, created_at),
        current_period_end = coalesce(current_period_start, created_at)
            + CASE billing_cycle WHEN 'annual' THEN interval '1 year' ELSE interval '1 month' END
    WHERE current_period_end IS NULL OR current_period_start IS NULL;
    -- The months are added to the first day at once: 31 January is followed by 28 February and by 31 March.
    UPDATE traceflow.traceflow_subscriptions AS it SET
        current_period_start = it.current_period_start + months.n * interval '1 month',
        current_period_end = it.current_period_start
            + (months.n + CASE it.billing_cycle WHEN 'annual' THEN 12 ELSE 1 END) * interval '1 month',
        ai_credits_used = 0,
        updated_at = now()
    FROM traceflow.traceflow_subscriptions AS old
    CROSS JOIN LATERAL (
        SELECT max(n) AS n
        FROM generate_series(0, 12000, CASE old.billing_cycle WHEN 'annual' THEN 12 ELSE 1 END) AS n
        WHERE old.current_period_start + n * interval '1 month' <= now()
    ) AS months
    WHERE it.id = old.id AND it.current_period_end <= now() AND it.stripe_subscription_id IS NULL
      AND it.status IN ('active', 'trial', 'past_due') AND months.n > 0;
END;
$$;

ALTER FUNCTION traceflow.roll_periods() RESET timezone;
