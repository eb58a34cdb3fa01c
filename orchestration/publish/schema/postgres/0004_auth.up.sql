-- Who asks, as hosted PostgreSQL services tell it: a gateway connects, becomes `authenticated` or `anon` and sets the claims
-- of the token it has checked. Claims count for `authenticated` only, a role no login that runs its own SQL may hold.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'anon') THEN
        CREATE ROLE anon NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated') THEN
        CREATE ROLE authenticated NOLOGIN;
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS auth;

CREATE FUNCTION auth.uid() RETURNS UUID
LANGUAGE sql STABLE
RETURN (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;

-- The platform's accounts, under the name the documents know them by.
CREATE VIEW auth.users AS
SELECT
    id,
    email,
    created_at,
    updated_at,
    last_login_at AS last_sign_in_at
FROM gosight.users;

GRANT USAGE ON SCHEMA auth TO anon, authenticated;
