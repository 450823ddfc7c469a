"""How text becomes words: one IMMUTABLE function for what is stored and for what is asked (decision 26).

Everything is spelled out (collation, dictionaries, schema), so that the words do not depend on the server's locale: with
the locale C, PostgreSQL's parser takes `¿` and `—` for letters. The dictionaries have no stop words: "who are you" is a
question too, and the ranking weighs frequent words down by itself.
"""

from django.db import migrations

DICTIONARIES = """
CREATE TEXT SEARCH DICTIONARY charla_es (TEMPLATE = snowball, Language = spanish);
CREATE TEXT SEARCH DICTIONARY charla_en (TEMPLATE = snowball, Language = english);
CREATE TEXT SEARCH CONFIGURATION charla_es (PARSER = "default");
CREATE TEXT SEARCH CONFIGURATION charla_en (PARSER = "default");
CREATE TEXT SEARCH CONFIGURATION charla_simple (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION charla_es ADD MAPPING FOR asciiword, word, numword WITH charla_es;
ALTER TEXT SEARCH CONFIGURATION charla_en ADD MAPPING FOR asciiword, word, numword WITH charla_en;
ALTER TEXT SEARCH CONFIGURATION charla_simple ADD MAPPING FOR asciiword, word, numword WITH simple;
ALTER TEXT SEARCH CONFIGURATION charla_es ADD MAPPING FOR int, uint, float, sfloat, version WITH simple;
ALTER TEXT SEARCH CONFIGURATION charla_en ADD MAPPING FOR int, uint, float, sfloat, version WITH simple;
ALTER TEXT SEARCH CONFIGURATION charla_simple ADD MAPPING FOR int, uint, float, sfloat, version WITH simple;
"""
DICTIONARIES_BACK = """
DROP TEXT SEARCH CONFIGURATION charla_simple;
DROP TEXT SEARCH CONFIGURATION charla_en;
DROP TEXT SEARCH CONFIGURATION charla_es;
DROP TEXT SEARCH DICTIONARY charla_en;
DROP TEXT SEARCH DICTIONARY charla_es;
"""

# Spanish keeps its acute accents, which the stemmer reads and then strips itself, but for three things that people leave
# out or that the stemmer is too blunt for: -ión gets its accent back (devolucion), -ía loses it (garantía: with it the
# stemmer cuts librería to libr), ñ becomes n (contrasena), and short plurals lose their s (días, años).
# English is stripped of accents. 1,000 and 1.000 become 1000.
WORDS = r"""
CREATE FUNCTION charla_words(language text, raw text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE language
        WHEN 'es' THEN regexp_replace(regexp_replace(regexp_replace(
            translate(word, 'ñçàèìòùâêîôûëïäö', 'ncaeiouaeiooueiao'),
            'í(a|as|an|amos)\M', 'i\1', 'g'), 'ion\M', 'ión', 'g'), '\m([a-zíú]{2}[aeo])s\M', '\1', 'g')
        WHEN 'en' THEN regexp_replace(normalize(word, NFKD), '[\u0300-\u036f]', '', 'g')
        ELSE word END
    FROM (SELECT regexp_replace(regexp_replace(regexp_replace(
        lower(normalize(raw, NFKC) COLLATE "pg_c_utf8"),
        '[''’](s\M)?', '', 'g'), '(\d)[.,](?=\d{3}(\D|$))', '\1', 'g'),
        '[^[:alnum:]]+', ' ', 'g') COLLATE "pg_c_utf8" AS word) AS cleaned
$$;

CREATE FUNCTION charla_fold(language text, raw text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE language
        WHEN 'es' THEN to_tsvector('public.charla_es', public.charla_words(language, raw))
        WHEN 'en' THEN to_tsvector('public.charla_en', public.charla_words(language, raw))
        ELSE to_tsvector('public.charla_simple', public.charla_words(language, raw)) END
$$;

CREATE FUNCTION charla_word_count(language text, raw text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN word = '' THEN 0 ELSE length(word) - length(replace(word, ' ', '')) + 1 END
    FROM (SELECT btrim(public.charla_words(language, raw)) AS word) AS trimmed
$$;

CREATE FUNCTION charla_chunk_vector(language text, heading text, content text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(public.charla_fold(language, heading), 'A') || public.charla_fold(language, content)
$$;
"""
WORDS_BACK = """
DROP FUNCTION charla_chunk_vector(text, text, text);
DROP FUNCTION charla_word_count(text, text);
DROP FUNCTION charla_fold(text, text);
DROP FUNCTION charla_words(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]

    operations = [
        migrations.RunSQL(DICTIONARIES, DICTIONARIES_BACK),
        migrations.RunSQL(WORDS, WORDS_BACK),
    ]
