create function v1.list_api_keys(page text default '', page_size text default '') returns json
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
begin
  return logic.envelope(
    (select count(*) from auth.api_keys), page, page_size,
    (
      select coalesce(json_agg(logic.api_key_json(k) order by k.created_at desc, k.id), '[]')
      from (
        select k.* from auth.api_keys k order by k.created_at desc, k.id limit wanted.size offset wanted.skip
      ) k
    )
  );
end;
$$;
comment on function v1.list_api_keys is $$API keys
For admins, newest first, revoked and expired ones too. Use is noted at each exchange for a token. Errors: 404 invalid_page.$$;
grant execute on function v1.list_api_keys to admin;
