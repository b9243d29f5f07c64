create function logic.envelope(
  total bigint, page text, page_size text, results json, is_estimate boolean default false,
  has_more boolean default null, cursor text default null, most integer default 100
) returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size, most => envelope.most);
  url text := coalesce(logic.header('x-original-url'), '');
  base text := split_part(url, '?', 1);
  others text := ltrim(regexp_replace(substr(url, length(base) + 2), '(^|&)(page|after)=[^&]*', '', 'g'), '&');
  link text := base || '?' || case when others <> '' then others || '&' else '' end;
  next_page text := case
    when cursor is not null then link || 'after=' || cursor
    when coalesce(has_more, wanted.skip + wanted.size < total) then link || 'page=' || (wanted.number + 1) end;
  previous_page text := case when wanted.number > 1 then link || 'page=' || (wanted.number - 1) end;
begin
  if has_more is null and wanted.number > 1 and wanted.skip >= total then
    perform logic.problem(404, 'invalid_page', 'Invalid page.');
  end if;
  -- A count that is exact needs no word about it, and the envelope stays as everybody knows it.
  return case
    when is_estimate then json_build_object(
      'count', total, 'count_is_estimate', true, 'next', next_page, 'previous', previous_page, 'results', results
    )
    else json_build_object('count', total, 'next', next_page, 'previous', previous_page, 'results', results) end;
end;
$$;
comment on function logic.envelope is 'One page as {count, next, previous, results} with absolute links that keep every other parameter, and count_is_estimate when it is one. Who knows it tells whether there is more, and by which cursor. Raises 404 invalid_page beyond the end.';
grant execute on function logic.envelope to anon, customer;
